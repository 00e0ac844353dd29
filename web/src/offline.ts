/** What the service worker keeps of the page, under which name, and how it answers with it. */

/** Caches are the whole host's, where other paths may have pages, too; no path has a "?". */
export const cachesOf = (scope: string): string => `derain-${new URL(scope).pathname}?`;

/**
 * Fetches a file of one version of the page, of which browsers and hosts keep older ones.
 *
 * @param hash - Beginning of its SHA-256.
 * @throws Error where what comes is not that file.
 */
export async function fetchExactly(address: string, hash: string): Promise<Response> {
  // The host is asked whether it has changed; what the page has just loaded is not sent again.
  const response = await fetch(address, { cache: "no-cache" });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  const sum = await sha256(await response.clone().arrayBuffer());
  if (!sum.startsWith(hash)) throw new Error(`${address}: of another version`);
  return response;
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same answer with the headers that let the page use threads. */
export function isolated(response: Response): Response {
  if (response.type === "opaqueredirect") return response; // for the browser alone to follow
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.delete("Content-Encoding"); // the body is decoded
  headers.delete("Content-Length");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(body, { status, statusText, headers });
}
