// Before the portal itself is there: the chosen colour scheme, and a plain word when it cannot come.
(function () {
  "use strict";

  try {
    var theme = localStorage.getItem("redring.theme");
    if (theme === "light" || theme === "dark") document.documentElement.setAttribute("data-theme", theme);
  } catch (_) {
    // A browser that keeps nothing follows the system.
  }

  // One SIMD instruction, which the portal is compiled with.
  var simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  var missing = [];
  if (typeof WebAssembly !== "object") missing.push("WebAssembly");
  else if (!WebAssembly.validate(new Uint8Array(simd))) missing.push("WebAssembly SIMD");
  if (typeof HTMLDialogElement !== "function") missing.push("dialogs (the dialog element)");
  if (!("popover" in HTMLElement.prototype)) missing.push("menus (the popover attribute)");
  if (!(window.CSS && CSS.supports && CSS.supports("color", "light-dark(red, red)"))) missing.push("colour schemes (light-dark in CSS)");
  if (typeof EventSource !== "function") missing.push("live updates (EventSource)");
  if (!(window.AbortSignal && AbortSignal.timeout)) missing.push("requests with a time limit (AbortSignal.timeout)");

  function say(title, text, items) {
    var boot = document.querySelector(".boot");
    var words = document.getElementById("boot-words");
    if (!boot || !words) return;
    boot.classList.add("is-stopped");
    words.className = "boot-title";
    words.textContent = title;
    var more = document.createElement("p");
    more.textContent = text;
    boot.appendChild(more);
    var list = document.createElement("ul");
    items.forEach(function (item) {
      list.appendChild(document.createElement("li")).textContent = item;
    });
    if (items.length) boot.appendChild(list);
  }

  function check() {
    if (missing.length) {
      say("This browser cannot show the portal", "Use Microsoft Edge or another current browser that is built on Chromium. Missing here:", missing);
      return;
    }
    setTimeout(function () {
      say("This takes longer than usual", "Perhaps the connection is slow, or something on the way holds the portal back. Load the page again, or ask the people who run your network.", []);
    }, 20000);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", check);
  else check();
})();
