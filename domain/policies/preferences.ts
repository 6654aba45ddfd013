/** Everyone has preferences, and nobody another's: there is no road to them that takes an id. */
export const preferencesPolicy = {
  read: () => true,
  update: () => true,
};
