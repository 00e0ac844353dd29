/**
 * The service worker: keeps the files of the page, so that it works without a network.
 *
 * It answers with the headers that let the page use threads, too, where the host sends none.
 */

import { cachesOf, fetchExactly, isolated } from "./offline";

declare const self: ServiceWorkerGlobalScope;

/** Address -> beginning of the SHA-256 of each file; written by scripts/precache.mjs. */
const FILES = JSON.parse("__FILES__") as Record<string, string>;

const PREFIX = cachesOf(self.registration.scope);
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

/**
 * What a new version shares with the one before is not fetched again.
 *
 * @throws Error where a file is not of this version; the next visit tries again.
 */
async function fill(): Promise<void> {
  const cache = await caches.open(VERSION);
  await Promise.all(
    Object.entries(FILES).map(async ([file, hash]) => {
      const key = `${addressOf(file)}?${hash}`;
      const kept = await caches.match(key);
      await cache.put(key, kept ?? (await fetchExactly(addressOf(file), hash)));
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
  return isolated(kept ?? (await fetch(request)));
}
