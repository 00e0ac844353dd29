/** What the service worker keeps of the page, under which name, and how it answers with it. */

/** Caches are the whole host's, where other paths may have pages, too; no path has a "?". */
export const cachesOf = (scope: string): string => `derain-${new URL(scope).pathname}?`;

/** What the first versions called their caches, all pages of a host alike. */
const FIRST = /^derain-[0-9a-f]{16}$/;

/** Names of the caches of this page's other versions; a cache that other pages have part in stays. */
export async function outdated(
  storage: Pick<CacheStorage, "keys" | "open">,
  scope: string,
  version: string,
): Promise<string[]> {
  const names = (await storage.keys()).filter((name) => name !== version);
  const first = names.filter((name) => FIRST.test(name));
  const shared = await Promise.all(first.map(async (name) => storage.open(name)));
  const files = await Promise.all(shared.map((cache) => cache.keys()));
  const alone = first.filter((_, index) => files[index].every(({ url }) => isOf(scope, url)));
  return [...names.filter((name) => name.startsWith(cachesOf(scope))), ...alone];
}

/** Whether a file is the page's at this path: pages may lie below it, but not in its assets. */
const isOf = (scope: string, url: string): boolean =>
  url.startsWith(scope) && /^(assets\/)?[^/]+$/.test(url.slice(scope.length));

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
