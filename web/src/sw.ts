/**
 * The service worker: keeps the files of the page, so that it works without a network.
 *
 * It answers with the headers that let the page use threads, too, where the host sends none.
 */

export {}; // a module, so that its names are its own

declare const self: ServiceWorkerGlobalScope;

/** Address -> beginning of the SHA-256 of each file; written by scripts/precache.mjs. */
const FILES = JSON.parse("__FILES__") as Record<string, string>;

const PREFIX = "derain-";
const VERSION = PREFIX + "__VERSION__";

const addressOf = (file: string): string => new URL(file, self.registration.scope).href;

self.addEventListener("install", (event) => {
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(tidy());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const file = fileOf(request.url);
  if (request.method === "GET" && file !== undefined) event.respondWith(answer(file, request));
});

/** What a new version shares with the one before is not fetched again. */
async function fill(): Promise<void> {
  const cache = await caches.open(VERSION);
  await Promise.all(
    Object.entries(FILES).map(async ([file, hash]) => {
      const key = `${addressOf(file)}?${hash}`;
      const kept = await caches.match(key);
      const response = kept ?? (await fetch(addressOf(file)));
      if (!response.ok) throw new Error(`${file}: ${response.status}`);
      await cache.put(key, response);
    }),
  );
}

async function tidy(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The file behind an address; undefined for what is the server's, such as v1/models. */
function fileOf(address: string): string | undefined {
  const { scope } = self.registration;
  const url = new URL(address);
  url.search = url.hash = "";
  if (url.href === scope) return "index.html";
  const file = url.href.slice(scope.length);
  return url.href.startsWith(scope) && file in FILES ? file : undefined;
}

async function answer(file: string, request: Request): Promise<Response> {
  const cache = await caches.open(VERSION);
  const kept = await cache.match(`${addressOf(file)}?${FILES[file]}`);
  const response = kept ?? (await fetch(request));
  const headers = new Headers(response.headers);
  headers.delete("Content-Encoding"); // the kept body is decoded
  headers.delete("Content-Length");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, { headers });
}
