/** The server that this page came from as the engine, where there is one. */

export interface ServerModel {
  readonly name: string;
  readonly description: string;
}

export interface ServerInfo {
  readonly default: string;
  readonly models: readonly ServerModel[];
  readonly limits: {
    readonly bytes: number;
    readonly pixels: number;
    readonly clip_bytes?: number;
  };
  /** Whether it takes clips. */
  readonly clips: boolean;
  /** Suffixes of what it writes: jpg, png ... */
  readonly formats: readonly string[];
}

export interface Wish {
  readonly model: string;
  readonly strength: number;
  readonly format: string;
  readonly quality?: number;
}

export interface Answer {
  readonly picture: Blob;
  /** What could not be kept, in the server's words. */
  readonly notes: string;
}

/** What the server refused, in its one line. */
export class Refused extends Error {}

/** The server, or what stands before it, answers no question just now. */
export class Away extends Refused {}

/** The server wants its token, which may be another one than before. */
export class Locked extends Error {}

/**
 * Asks for the server: "locked" where it wants a token first, undefined where these are files on a
 * web host, or there is no network.
 */
export async function findServer(): Promise<ServerInfo | "locked" | undefined> {
  try {
    const answer = await fetch("v1/models");
    if (answer.status === 401 && isJson(answer)) return "locked";
    if (!answer.ok || !isJson(answer)) return undefined;
    return (await answer.json()) as ServerInfo;
  } catch {
    return undefined;
  }
}

/**
 * Shows the token; from then on a cookie comes with all that is asked, until the browser is closed.
 *
 * @returns Whether it is the server's.
 * @throws Refused, or TypeError where the server cannot be reached.
 */
export async function unlock(token: string): Promise<boolean> {
  if (!/^[!-~]+$/.test(token)) return false; // no header could hold it
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch("v1/session", { method: "POST", headers });
  if (!answer.ok && answer.status !== 401) throw await refusal(answer);
  return answer.ok;
}

/**
 * Sends the file as it is, so that metadata, profile and 16 bits are kept.
 *
 * @throws Refused, or TypeError where the server cannot be reached.
 */
export async function derain(file: Blob, wish: Wish, signal?: AbortSignal): Promise<Answer> {
  const query = new URLSearchParams({
    model: wish.model,
    strength: String(wish.strength),
    format: wish.format,
  });
  if (wish.quality !== undefined) query.set("quality", String(wish.quality));
  const answer = await fetch(`v1/derain?${query}`, {
    method: "POST",
    body: file,
    headers: { "Content-Type": file.type || "application/octet-stream" },
    signal: signal ?? null,
  });
  if (!answer.ok) throw await refusal(answer);
  return {
    picture: await answer.blob(),
    notes: decodeURIComponent(answer.headers.get("Derain-Notes") ?? ""),
  };
}

/** What a server's refusal is to the page. */
export async function refusal(answer: Response): Promise<Error> {
  if (answer.status === 401) return new Locked();
  const away = answer.status >= 502 && answer.status <= 504;
  return new (away ? Away : Refused)(await reason(answer));
}

/** What the server says of a refusal, in its one line. */
async function reason(answer: Response): Promise<string> {
  const wait = answer.headers.get("Retry-After");
  const suffix = wait ? ` (${wait} s)` : "";
  if (isJson(answer)) {
    const { error } = (await answer.json()) as { error?: string };
    if (error) return error + suffix;
  }
  return `${answer.status} ${answer.statusText}${suffix}`;
}

const isJson = (answer: Response): boolean =>
  answer.headers.get("Content-Type")?.startsWith("application/json") ?? false;
