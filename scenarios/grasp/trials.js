"use strict";
(function () {
  var table = document.getElementById("trials"), body = table.tBodies[0];
  function show(id) {
    var target = document.getElementById("object-" + id);
    if (!target) { return; }
    document.querySelectorAll("section.trial").forEach(function (s) { s.hidden = s !== target; });
    body.querySelectorAll("tr").forEach(function (r) { r.classList.toggle("shown", r.dataset.object === String(id)); });
  }
  body.addEventListener("click", function (e) {
    var row = e.target.closest("tr");
    if (!row || !document.getElementById("object-" + row.dataset.object)) { return; }
    show(row.dataset.object);
    document.getElementById("trial").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  });
  table.tHead.addEventListener("click", function (e) {
    var head = e.target.closest("th");
    if (!head) { return; }
    var up = head.getAttribute("aria-sort") !== "ascending", k = head.cellIndex;
    table.tHead.querySelectorAll("th").forEach(function (h) { h.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    Array.from(body.rows).sort(function (a, b) {
      var x = a.cells[k].dataset.v, y = b.cells[k].dataset.v, p = parseFloat(x), q = parseFloat(y);
      var order = isNaN(p) || isNaN(q) ? (isNaN(p) ? 1 : 0) - (isNaN(q) ? 1 : 0) || x.localeCompare(y) : p - q;
      return up ? order : -order;
    }).forEach(function (r) { body.appendChild(r); });
  });
}());
