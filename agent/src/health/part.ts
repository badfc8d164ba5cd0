/** `attention`: works, or may yet; somebody should look. `broken`: earns nothing until somebody does something. */
export type Health = "ok" | "attention" | "broken";

/** One thing that a technician can look at, touch or mend. */
export interface Part {
  title: string;
  health: Health;
  /** How it is, with numbers and ages. */
  text: string;
  /** What to do, in one sentence. */
  advice?: string;
}

/** Title of a part that several files tell of. */
export const CONFIGURATION = "Configuration";

const ORDER: readonly Health[] = ["ok", "attention", "broken"];

export const worstOf = (parts: readonly Pick<Part, "health">[]): Health =>
  ORDER[Math.max(0, ...parts.map(({ health }) => ORDER.indexOf(health)))] ?? "ok";

export const ok = (title: string, text: string): Part => ({ title, health: "ok", text });

export const attention = (title: string, text: string, advice?: string): Part =>
  advice === undefined ? { title, health: "attention", text } : { title, health: "attention", text, advice };

export const broken = (title: string, text: string, advice: string): Part => ({
  title,
  health: "broken",
  text,
  advice,
});
