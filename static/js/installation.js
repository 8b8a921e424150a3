// Pages of whoever is signed in, without a network (R31, R58): an installed portal says so in words, a phone that marks
// children goes on. Nowhere else does anything stand between the browser and the portal.
(function () {
  "use strict";

  const isInstalled = window.matchMedia("(display-mode: standalone)").matches || navigator.standalone;
  if ("serviceWorker" in navigator && (isInstalled || document.getElementById("hors-ligne"))) {
    navigator.serviceWorker.register("/sans-reseau").catch(() => {});
  }

  // Signing out erases what the phone keeps: the lists, and the marks that wait (pointage.js counts them).
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/deconnexion") return;
    const count = Number(localStorage.getItem("pointages-en-attente"));
    const question = "Des pointages faits sans réseau ne sont pas enregistrés (" + count + "). Se déconnecter les efface. Se déconnecter quand même ?";
    if (count && !window.confirm(question)) event.preventDefault();
    else if ("caches" in window) caches.delete("listes");
  });
})();
