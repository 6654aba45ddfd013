/** A model that a business says its own provider has. */
export interface OwnModel {
  /** The provider's own name of it. */
  name: string;
  /** Input and output together, tokens. */
  contextWindow: number;
  maxOutputTokens: number;
  /** US dollars per million tokens, decimal text. What it costs is in model_prices; this is what was stated. */
  price?: OwnPrice;
}

export interface OwnPrice {
  input: string;
  /** As `input` where it is left out. */
  cachedInput?: string | undefined;
  output: string;
}
