// The attendance list without a network (R31): marks wait on the phone, and are sent when the network is back.
// With a network, or without this script, the list is an ordinary page. Only keys and marks are kept, no name.
(function () {
  "use strict";

  const zone = document.getElementById("hors-ligne");
  if (!zone) return;
  const here = window.location.pathname;
  const agent = zone.dataset.agent;
  const RESUME = "/gestion/pointage/reprise";
  const LISTS = "listes"; // the lists that service-worker.js keeps
  const COUNT = "pointages-en-attente"; // read by installation.js, which asks before signing out
  const AT_ONCE = 25;
  const RETRY_MS = 20000;
  const COPY_MS = 4000;
  const SLOW_MS = 15000;
  const NOTHING_KEPT = "Pas de connexion, et ce téléphone ne garde rien (navigation privée, ou place refusée) : un pointage fait maintenant n’est pas enregistré. Notez-le sur papier.";
  const READ_AT = "Pas de connexion. Vous pouvez continuer à pointer. Cette liste est celle de ";
  const WORDS = { present: "présent", absent: "absent" };

  let waiting = []; // every mark of this phone that is not answered yet, in order
  let told = []; // what became of those of this visit
  let isSending = false;
  let isSignedOut = false;
  let isOffline = !navigator.onLine;
  let database = null; // null where the browser keeps nothing
  const news = "BroadcastChannel" in window ? new BroadcastChannel("pointage") : null;

  // --- What the phone keeps ---------------------------------------------------------------------------------------

  function asked(request) {
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  async function open() {
    const request = window.indexedDB.open("pointage", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("marks", { keyPath: "number", autoIncrement: true });
    return asked(request);
  }

  // Resolves once the phone really holds the change, not before.
  function change(act) {
    return new Promise((resolve, reject) => {
      const transaction = database.transaction("marks", "readwrite");
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
      act(transaction.objectStore("marks"));
    });
  }

  async function readWaiting() {
    if (!database) return;
    waiting = await asked(database.transaction("marks").objectStore("marks").getAll());
    window.localStorage.setItem(COUNT, mine().length);
  }

  async function forget(marks) {
    if (marks.length) await change((store) => marks.forEach((one) => store.delete(one.number)));
    await readWaiting();
    if (news) news.postMessage("changed");
  }

  function device() {
    const kept = window.localStorage.getItem("appareil") || crypto.randomUUID();
    window.localStorage.setItem("appareil", kept);
    return kept;
  }

  const mine = () => waiting.filter((one) => one.agent === agent);
  const unanswered = () => mine().filter((one) => !one.refused);

  // --- A mark without a network -----------------------------------------------------------------------------------

  async function keep(child, mark) {
    const row = document.getElementById("enfant-" + child);
    const kept = {
      key: crypto.randomUUID(),
      agent,
      list: here,
      child,
      mark,
      at: Date.now(),
      seen: row.dataset.seen || "",
      refused: "",
    };
    try {
      await change((store) => store.add(kept));
      await readWaiting();
    } catch {
      database = null; // refused at last: the page says it, and shows the mark as it was
      isOffline = true;
    }
    show();
    if (news) news.postMessage("changed");
    send();
  }

  // The button of a row that was pressed for this request; undefined for any other request.
  function pressed(event) {
    const { elt, requestConfig } = event.detail;
    const submitter = event.detail.triggeringEvent?.submitter || requestConfig?.triggeringEvent?.submitter;
    return elt.id === "pointage" && submitter?.name === "marque" ? submitter : undefined;
  }

  function keepPressed(button) {
    const [child, mark] = button.value.split(":");
    keep(Number(child), mark);
  }

  // Marks go one after the other: while some wait, the next ones wait behind them.
  document.addEventListener("htmx:confirm", (event) => {
    const button = pressed(event);
    if (!button || !database || (navigator.onLine && !isOffline && !unanswered().length)) return;
    event.preventDefault();
    keepPressed(button);
  });

  // A request that failed may have arrived all the same: the portal knows a mark that it has already.
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => {
      const button = pressed(event);
      if (!button) return;
      isOffline = true;
      if (!database) return show();
      document.getElementById("alertes").replaceChildren();
      keepPressed(button);
    });
  }

  // --- Sending ----------------------------------------------------------------------------------------------------

  async function call(address, options) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), SLOW_MS);
    try {
      return await fetch(address, { ...options, redirect: "manual", cache: "no-store", signal: stop.signal });
    } finally {
      clearTimeout(timer);
    }
  }

  async function send() {
    if (isSending || !database || !unanswered().length) return;
    isSending = true;
    try {
      const token = await ready();
      while (token && unanswered().length) {
        const list = unanswered()[0].list;
        const batch = unanswered().filter((one) => one.list === list).slice(0, AT_ONCE);
        if (!(await sendBatch(list, batch, token))) break;
      }
    } catch {
      isOffline = true;
    }
    isSending = false;
    show();
  }

  // What the forms of who is signed in must hold; nothing when it is nobody, or somebody else.
  async function ready() {
    const answer = await call(RESUME, {});
    isOffline = false;
    isSignedOut = answer.type === "opaqueredirect";
    if (!answer.ok) return "";
    const who = await answer.json();
    isSignedOut = who.agent !== agent;
    return isSignedOut ? "" : who.jeton;
  }

  async function sendBatch(list, batch, token) {
    const marks = batch.map((one) => ({ cle: one.key, enfant: one.child, marque: one.mark, heure: one.at, vu: one.seen }));
    const body = new URLSearchParams({
      csrf_token: token,
      appareil: device(),
      heure: Date.now(),
      pointages: JSON.stringify(marks),
    });
    const answer = await call(list + "/hors-ligne", { method: "POST", body });
    if (answer.status === 403 || answer.status === 404) {
      await refuse(batch, "cette liste n’existe plus, ou ne vous est plus ouverte.");
      return true;
    }
    if (!answer.ok) return false; // signed out meanwhile, or a failure of the service: everything waits
    await note(batch, await answer.json());
    return true;
  }

  async function note(batch, outcomes) {
    const answers = new Map(outcomes.map((one) => [one.cle, one]));
    const answered = batch.filter((one) => answers.has(one.key));
    const isKept = (one) => answers.get(one.key).garde;
    for (const one of answered.filter(isKept)) told.push({ ...answers.get(one.key), marque: one.mark });
    for (const one of answered.filter((each) => !isKept(each))) await refuse([one], answers.get(one.key).raison);
    await forget(answered.filter(isKept));
    if (batch[0].list === here) refresh();
  }

  // Nothing of it is on the list: the phone shows it until somebody has read it.
  async function refuse(marks, reason) {
    await change((store) => marks.forEach((one) => store.put({ ...one, refused: reason })));
    await readWaiting();
  }

  function refresh() {
    window.htmx.ajax("GET", here, { target: "#liste", select: "#liste", swap: "outerHTML" });
  }

  // --- What the page shows ----------------------------------------------------------------------------------------

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function alert(tone, ...children) {
    return element("div", { class: "alert " + tone }, element("div", {}, ...children));
  }

  function button(words, act) {
    const made = element("button", { type: "button", class: "button quiet" }, words);
    made.addEventListener("click", act);
    return made;
  }

  const counted = (count, one, many) => count + " " + (count > 1 ? many : one);
  const sentence = (words) => element("p", {}, words);

  function waitingAlert(count) {
    const head = element("strong", {}, counted(count, "pointage en attente, pas encore enregistré", "pointages en attente, pas encore enregistrés"));
    const where = sentence("Gardez ce téléphone : ils partent d’eux-mêmes dès que le réseau revient, sur cette page.");
    if (!isSignedOut) return alert("wait", element("p", {}, head), where, button("Envoyer maintenant", send));
    const link = element("a", { class: "button", href: here }, "Se connecter");
    return alert("wait", element("p", {}, head), sentence("Vous n’êtes plus connecté : connectez-vous, ils partiront ensuite. Rien n’est perdu."), link);
  }

  function toldAlert() {
    const count = (state) => told.filter((one) => one.etat === state).length;
    const parts = [
      [count("enregistre"), "pointage hors ligne enregistré", "pointages hors ligne enregistrés"],
      [count("a-regler"), "à régler", "à régler"],
      [count("refuse"), "non enregistré", "non enregistrés"],
    ];
    const words = parts.filter(([number]) => number).map((part) => counted(...part)).join(", ");
    const ends = { "enregistre": "enregistré", "a-regler": "à régler ci-dessous", "refuse": "non enregistré" };
    const lines = told.map((one) => element("li", {}, one.enfant + ", " + WORDS[one.marque] + " : " + ends[one.etat]));
    const each = element("details", {}, element("summary", {}, "Enfant par enfant"), element("ul", {}, ...lines));
    const isWell = told.every((one) => one.etat === "enregistre");
    const read = button("J’ai vu", () => {
      told = [];
      show();
    });
    return alert(isWell ? "ok" : "wait", element("p", {}, element("strong", {}, words + ".")), each, read);
  }

  function refusedAlert(marks) {
    const lines = marks.map((one) => {
      const name = document.querySelector("#enfant-" + one.child + " strong");
      return element("li", {}, (name ? name.textContent : "Un enfant") + ", " + WORDS[one.mark] + " : " + one.refused);
    });
    const read = button("J’ai vu", () => forget(marks).then(show));
    return alert("stop", sentence("Ces pointages n’ont pas été enregistrés."), element("ul", {}, ...lines), read);
  }

  function othersAlert(marks) {
    const words = counted(marks.length, "pointage fait par une autre personne attend", "pointages faits par une autre personne attendent");
    const erase = button("Les effacer de ce téléphone", () => {
      const question = "Ces pointages ne sont pas enregistrés. Les effacer quand même ?";
      if (window.confirm(question)) forget(marks).then(show);
    });
    return alert("wait", sentence(words + " sur ce téléphone : elle doit se connecter pour les envoyer."), erase);
  }

  function show() {
    const refused = mine().filter((one) => one.refused);
    const others = waiting.filter((one) => one.agent !== agent);
    const parts = [];
    if (isOffline && !database) parts.push(alert("stop", sentence(NOTHING_KEPT)));
    else if (isOffline && zone.dataset.readAt) parts.push(alert("info", sentence(READ_AT + zone.dataset.readAt + ".")));
    if (unanswered().length) parts.push(waitingAlert(unanswered().length));
    if (refused.length) parts.push(refusedAlert(refused));
    if (told.length) parts.push(toldAlert());
    if (others.length) parts.push(othersAlert(others));
    zone.replaceChildren(...parts);
    overlay();
  }

  // The rows as their waiting marks leave them, each with its word.
  function overlay() {
    const last = new Map(unanswered().filter((one) => one.list === here).map((one) => [one.child, one.mark]));
    for (const row of document.querySelectorAll("li[id^=enfant-]")) {
      const mark = last.get(Number(row.id.slice("enfant-".length)));
      const word = row.querySelector("[data-waiting]");
      if (word) word.remove();
      if (!mark) continue;
      for (const each of row.querySelectorAll("button.mark")) {
        each.setAttribute("aria-pressed", String(each.value.endsWith(":" + mark)));
      }
      row.firstElementChild.append(element("span", { class: "badge wait", "data-waiting": "" }, "en attente"));
    }
    count(last.size);
  }

  // The bar that stays in sight: the counts of the portal know nothing of the marks that wait.
  function count(waitingHere) {
    const bar = document.getElementById("compte");
    if (!bar) return;
    const former = bar.querySelector("[data-count]");
    if (former) former.remove();
    bar.querySelector("[role=status]").hidden = waitingHere > 0;
    const rest = bar.querySelector("form");
    if (rest) rest.hidden = isOffline || waitingHere > 0;
    if (!waitingHere) return;
    const rows = [...document.querySelectorAll("li[id^=enfant-]")];
    const left = rows.filter((row) => !row.querySelector("[aria-pressed=true]")).length;
    const words = element("strong", {}, counted(waitingHere, "pointage en attente", "pointages en attente"));
    bar.prepend(element("p", { "data-count": "" }, words, ", " + counted(left, "enfant à pointer", "enfants à pointer")));
  }

  // --- The copy that is read without a network, its end -------------------------------------------------------------

  let copying = 0;
  const hasCopy = () => "serviceWorker" in navigator && navigator.serviceWorker.controller;

  function copyAgain() {
    if (!hasCopy()) return;
    clearTimeout(copying);
    copying = setTimeout(() => call(here, { headers: { "HX-Request": "true" } }).catch(() => {}), COPY_MS);
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) return;
    isOffline = false;
    if (event.detail.elt.id === "pointage") copyAgain();
  });
  document.addEventListener("htmx:afterSettle", () => show());
  window.addEventListener("offline", () => {
    isOffline = true;
    show();
  });
  window.addEventListener("online", () => {
    isOffline = false;
    show();
    send();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && send());
  if (news) news.addEventListener("message", () => readWaiting().then(show));
  setInterval(send, RETRY_MS);

  async function start() {
    try {
      if (!crypto.randomUUID) throw new Error("no secure page");
      database = await open();
      device();
      await readWaiting();
    } catch {
      database = null;
    }
    show();
    if (unanswered().length) send();
    else if (hasCopy()) check();
  }

  // A copy looks like the page: whether the portal answers is asked.
  async function check() {
    try {
      await ready();
    } catch {
      isOffline = true;
    }
    show();
  }
  start();
})();
