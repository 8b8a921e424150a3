// Between an installed portal, or a phone that marks children, and the network (R31, R58). Only two things are kept:
// the files of the portal, and the attendance lists of the day, which are erased when somebody signs in or out and after
// the day. Loaded by /hors-ligne.js, which says which files: another version of the portal has others.
(function () {
  "use strict";

  const { version, files, page } = self.portail;
  const FILES = "fichiers-" + version;
  const LISTS = "listes";
  const LIST = /^\/gestion\/pointage\/\d+\/\d{4}-\d{2}-\d{2}$/;
  const STAFF = "/gestion/";
  const TO_KEEP = "Portail-Garder";
  const COPIED = "Portail-Copie";
  const SLOW_MS = 8000;

  const twoDigits = (number) => String(number).padStart(2, "0");

  function today() {
    const now = new Date();
    return [now.getFullYear(), twoDigits(now.getMonth() + 1), twoDigits(now.getDate())].join("-");
  }

  // --- The lists --------------------------------------------------------------------------------------------------

  // The day is that of the phone's own clock, when the copy was made and now: a wrong clock is wrong twice.
  async function forgetFormerDays() {
    const lists = await caches.open(LISTS);
    for (const request of await lists.keys()) {
      const copy = await lists.match(request);
      if (copy.headers.get(COPIED) !== today()) await lists.delete(request);
    }
  }

  async function copyOf(answer) {
    const headers = new Headers(answer.headers);
    for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
    headers.set(COPIED, today());
    return new Response(await answer.clone().blob(), { headers });
  }

  async function kept(path) {
    await forgetFormerDays();
    return (await caches.open(LISTS)).match(path);
  }

  // Only a list that the portal says is of the day; one that it does not give any more is not read either.
  async function noteList(path, answer) {
    const lists = await caches.open(LISTS);
    if (answer.ok && answer.headers.has(TO_KEEP)) await lists.put(path, await copyOf(answer));
    else if (answer.status < 500) await lists.delete(path);
    await forgetFormerDays();
  }

  function slow() {
    return new Promise((_, reject) => setTimeout(() => reject(new Error("slow")), SLOW_MS));
  }

  async function list(request, path) {
    const copy = await kept(path);
    try {
      const answer = await (copy ? Promise.race([fetch(request), slow()]) : fetch(request));
      await noteList(path, answer);
      return answer.status >= 500 && copy ? copy : answer;
    } catch (error) {
      if (copy) return copy;
      if (request.mode === "navigate") return without();
      throw error;
    }
  }

  // --- Other pages, files -----------------------------------------------------------------------------------------

  async function without() {
    return (await caches.match(page)) || Response.error();
  }

  async function file(request, path) {
    return (await caches.match(path)) || fetch(request);
  }

  self.addEventListener("install", (event) => {
    const fill = async () => (await caches.open(FILES)).addAll([...files, page]);
    event.waitUntil(fill().then(() => self.skipWaiting()));
  });

  self.addEventListener("activate", (event) => {
    const clean = async () => {
      for (const name of await caches.keys()) if (name !== FILES && name !== LISTS) await caches.delete(name);
      await forgetFormerDays();
      await self.clients.claim();
    };
    event.waitUntil(clean());
  });

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (origin !== self.location.origin) return;
    if (request.method === "POST") {
      // Whoever signs in or out does so by a form outside of the rooms of the staff.
      if (request.mode === "navigate" && !pathname.startsWith(STAFF)) event.waitUntil(caches.delete(LISTS));
    } else if (request.method !== "GET") {
      return;
    } else if (LIST.test(pathname)) {
      event.respondWith(list(request, pathname));
    } else if (files.includes(pathname)) {
      event.respondWith(file(request, pathname));
    } else if (request.mode === "navigate") {
      event.respondWith(fetch(request).catch(without));
    }
  });
})();
