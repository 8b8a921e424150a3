// « Pas de connexion »: the attendance lists that this phone keeps today, if any (R31).
(function () {
  "use strict";

  const zone = document.getElementById("listes");

  async function addLists() {
    const lists = await caches.open("listes");
    for (const request of await lists.keys()) {
      const answer = await lists.match(request);
      const read = new DOMParser().parseFromString(await answer.text(), "text/html");
      const link = document.createElement("a");
      link.href = new URL(request.url).pathname;
      link.textContent = read.querySelector("h1").textContent;
      const line = document.createElement("li");
      line.append(link);
      zone.querySelector("ul").append(line);
      zone.hidden = false;
    }
  }

  if (zone && "caches" in window) addLists();
  window.addEventListener("online", () => window.location.reload());
})();
