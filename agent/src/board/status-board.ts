/** Placeholder of the in-memory status; see the next commits. */
export class StatusBoard {}
