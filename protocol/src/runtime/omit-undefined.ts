type Defined<T> = { [K in keyof T]: undefined extends T[K] ? never : K }[keyof T];

/** The object without its `undefined` properties, for types whose optional properties are absent or set. */
export function omitUndefined<T extends object>(
  fields: T,
): Pick<T, Defined<T>> & Partial<{ [K in Exclude<keyof T, Defined<T>>]: Exclude<T[K], undefined> }> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as ReturnType<typeof omitUndefined<T>>;
}
