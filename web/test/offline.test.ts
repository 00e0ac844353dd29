import { createHash } from "node:crypto";
import { afterEach, expect, it, vi } from "vitest";
import { cachesOf, fetchExactly, isolated } from "../src/offline";

afterEach(() => {
  vi.unstubAllGlobals();
});

const ADDRESS = "https://a.example/index.html";
// As scripts/precache.mjs makes it.
const hash = createHash("sha256").update("new").digest("hex").slice(0, 16);

it("leaves alone the caches of a host's other pages", () => {
  const scopes = ["https://a.example/", "https://a.example/a/", "https://a.example/a/b/"];
  for (const scope of scopes) {
    const ours = scopes.filter((other) => `${cachesOf(other)}0123`.startsWith(cachesOf(scope)));
    expect(ours).toEqual([scope]);
  }
});

it("takes the file that it wants, with its body, past what the browser keeps", async () => {
  const asked = vi.fn(() => Promise.resolve(new Response("new")));
  vi.stubGlobal("fetch", asked);
  expect(await (await fetchExactly(ADDRESS, hash)).text()).toBe("new");
  expect(asked).toHaveBeenCalledWith(ADDRESS, { cache: "no-cache" });
});

it.each([
  ["of another version", new Response("old")],
  ["404", new Response("new", { status: 404 })],
])("takes no file that is %s", async (reason, response) => {
  vi.stubGlobal("fetch", () => Promise.resolve(response));
  await expect(fetchExactly(ADDRESS, hash)).rejects.toThrow(reason);
});

it("answers as it was answered, but isolated and decoded", async () => {
  const headers = { "Content-Encoding": "br", "Content-Type": "text/plain" };
  const answer = isolated(new Response("no", { status: 404, statusText: "Not Found", headers }));
  expect(answer).toMatchObject({ status: 404, statusText: "Not Found" });
  expect(Object.fromEntries(answer.headers)).toEqual({
    "content-type": "text/plain",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
  });
  expect(await answer.text()).toBe("no");
});

it("lets the browser follow a redirect", () => {
  const redirect = { type: "opaqueredirect", status: 0, body: null } as Response;
  expect(isolated(redirect)).toBe(redirect);
});
