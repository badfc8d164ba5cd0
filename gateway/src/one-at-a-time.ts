/** Runs one job after the other, in the order in which they come; one that fails does not hold up the next. */
export type OneAtATime = <T>(job: () => Promise<T>) => Promise<T>;

export function oneAtATime(): OneAtATime {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const result = last.then(job);
    last = result.catch(() => undefined);
    return result;
  };
}
