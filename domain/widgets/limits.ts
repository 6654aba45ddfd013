/** A widget's data as JSON, bytes: it is kept with its history, and sent to everyone who looks, at each change. */
export const MAX_WIDGET_DATA_BYTES = 1_048_576;
/** A widget's config as JSON, bytes. */
export const MAX_WIDGET_CONFIG_BYTES = 32_768;
