/** What the simulated shop sells, and to whom. Invented, like everything about it. */

export interface Product {
  sku: string;
  name: string;
  category: string;
  /** Euros. */
  price: number;
  /** How often it is bought, relative to the others. */
  popularity: number;
}

const product = (
  sku: string,
  name: string,
  category: string,
  price: number,
  popularity: number,
): Product => ({
  sku,
  name,
  category,
  price,
  popularity,
});

export const PRODUCTS: readonly Product[] = [
  product('BEA-250', 'House blend, 250 g', 'Beans', 8.9, 18),
  product('BEA-1000', 'House blend, 1 kg', 'Beans', 29.9, 12),
  product('BEA-ETH', 'Ethiopia Guji, 250 g', 'Beans', 12.5, 9),
  product('BEA-COL', 'Colombia Huila, 250 g', 'Beans', 11.2, 8),
  product('BEA-DEC', 'Decaf, 250 g', 'Beans', 10.4, 4),
  product('BEA-ESP', 'Espresso roast, 1 kg', 'Beans', 32.0, 9),
  product('TEA-SEN', 'Sencha, 100 g', 'Tea', 9.8, 4),
  product('TEA-EAR', 'Earl Grey, 100 g', 'Tea', 7.4, 4),
  product('TEA-ROO', 'Rooibos, 100 g', 'Tea', 6.9, 3),
  product('BRW-V60', 'Pour-over dripper', 'Brewing', 24.0, 5),
  product('BRW-FIL', 'Paper filters, 100 pieces', 'Brewing', 6.5, 11),
  product('BRW-PRE', 'French press, 1 l', 'Brewing', 34.9, 3),
  product('BRW-MOK', 'Stovetop pot, 6 cups', 'Brewing', 39.5, 3),
  product('BRW-AER', 'Travel brewer', 'Brewing', 36.0, 2),
  product('BRW-KET', 'Gooseneck kettle', 'Brewing', 79.0, 1.6),
  product('GRI-HAN', 'Hand grinder', 'Grinders', 99.0, 1.5),
  product('GRI-ELE', 'Electric grinder', 'Grinders', 189.0, 0.8),
  product('GRI-BRU', 'Grinder brush', 'Grinders', 5.9, 2),
  product('MUG-STO', 'Stoneware mug', 'Tableware', 14.5, 6),
  product('MUG-GLA', 'Double-walled glass, pair', 'Tableware', 19.9, 4),
  product('MUG-TRA', 'Travel mug', 'Tableware', 27.9, 3),
  product('ACC-SCA', 'Kitchen scale with timer', 'Accessories', 44.0, 1.8),
  product('ACC-TIN', 'Storage tin', 'Accessories', 16.9, 3),
  product('ACC-CLE', 'Cleaning tablets', 'Accessories', 9.5, 5),
];

/** Customers by country (ISO 3166-1), as shares. */
export const COUNTRIES: readonly { code: string; share: number }[] = [
  { code: 'DE', share: 0.41 },
  { code: 'AT', share: 0.12 },
  { code: 'FR', share: 0.11 },
  { code: 'NL', share: 0.09 },
  { code: 'CH', share: 0.07 },
  { code: 'PL', share: 0.06 },
  { code: 'DK', share: 0.05 },
  { code: 'IT', share: 0.05 },
  { code: 'BE', share: 0.04 },
];

export const SUPPLIERS: readonly { name: string; weekday: number; hour: number; pallets: number }[] = [
  { name: 'Hanse Roasters', weekday: 1, hour: 8, pallets: 6 },
  { name: 'Elbe Ceramics', weekday: 3, hour: 10, pallets: 2 },
  { name: 'Nordic Brewing Tools', weekday: 4, hour: 9, pallets: 3 },
];

export const CUSTOMERS = 4_000;

/** Running sums of shares, scaled to end at 1, without the last: the thresholds of SQL's width_bucket. */
export function thresholds(shares: readonly number[]): number[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  let sum = 0;
  return shares.slice(0, -1).map((share) => (sum += share) / total);
}
