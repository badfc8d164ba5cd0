/** Opens a device, or rejects with a message that says what to check. Gives up as soon as `signal` is aborted. */
export type OpenDevice<D> = (signal: AbortSignal) => Promise<D>;
