/** A deliberate bug: texts of lib that are replaced. Each `find` is there exactly once. */
export interface Mutation {
  /** What the protocol is without. */
  readonly name: string;
  readonly patches: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}

export const one = (name: string, file: string, find: string, replace: string): Mutation => ({
  name,
  patches: [{ file: `lib/${file}`, find, replace }],
});
