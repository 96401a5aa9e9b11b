// Draws the figures of the network that is chosen. Each is JSON in a data block; nothing is loaded from anywhere.
(() => {
  "use strict";
  const PRINTED = 700;
  const CONFIG = {
    displaylogo: false,
    responsive: true,
    showSendToCloud: false, // else plotly offers to upload the figure
    plotlyServerURL: "",
    typesetMath: false, // a column may be called "$x"
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d", "tableRotation"],
  };
  // one a task: its networks, and what chooses among them (none where there is one network)
  const groups = [...document.querySelectorAll(".networks")].map((group) => ({
    networks: [...group.querySelectorAll(".network")],
    chooser: group.querySelector("select"),
  }));

  // the two scenes of an attractor turn together
  function link(plot) {
    let busy = false;
    const follow = (change) => {
      if (busy) return;
      for (const [from, to] of [["scene", "scene2"], ["scene2", "scene"]]) {
        const camera = change[`${from}.camera`];
        if (!camera) continue;
        busy = true;
        Plotly.relayout(plot, { [`${to}.camera`]: camera }).finally(() => { busy = false; });
      }
    };
    plot.on("plotly_relayouting", follow);
    plot.on("plotly_relayout", follow);
  }

  // a WebGL canvas prints empty: keep a still of it for paper
  async function still(plot) {
    const image = document.createElement("img");
    image.className = "still";
    image.alt = plot.getAttribute("aria-label");
    image.src = await Plotly.toImage(plot, { format: "png", width: 1400, height: plot.layout.height * 1400 / plot.clientWidth });
    plot.after(image);
    plot.parentElement.classList.add("has-still");
  }

  async function draw(plot) {
    if (plot.dataset.drawn) return;
    plot.dataset.drawn = "begun";
    try {
      const { data, layout } = JSON.parse(document.getElementById(`${plot.id}-data`).textContent);
      await Plotly.newPlot(plot, data, layout, CONFIG);
      if (layout.scene2) {
        link(plot);
        await still(plot);
      }
      plot.dataset.drawn = "true";
    } catch (error) {
      plot.dataset.drawn = "failed";
      plot.classList.add("failed-figure");
      plot.textContent = `This figure could not be drawn: ${error.message}`;
    }
  }

  function choose({ networks, chooser }, which) {
    const shown = which === "all" ? which : Math.min(which, Math.max(networks.length - 1, 0));
    networks.forEach((network, i) => { network.hidden = shown !== "all" && i !== shown; });
    if (chooser) chooser.value = String(shown);
  }

  async function drawShown() {
    for (const plot of document.querySelectorAll(".plot")) {
      if (plot.closest("[hidden]")) continue;
      await draw(plot);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  async function show(which) {
    groups.forEach((group) => choose(group, which));
    await drawShown();
    document.body.dataset.ready = String(which);
  }

  function fromAddress() {
    const found = /^#network-(\d+|all)$/.exec(location.hash);
    return !found ? 0 : found[1] === "all" ? "all" : Number(found[1]);
  }

  function chosen(group) {
    if (groups.length === 1) {
      location.hash = `network-${group.chooser.value}`;
    } else {
      choose(group, group.chooser.value === "all" ? "all" : Number(group.chooser.value));
      drawShown();
    }
  }

  const drawn = () => [...document.querySelectorAll(".plot[data-drawn=true]")].filter((plot) => !plot.closest("[hidden]"));
  addEventListener("beforeprint", () => drawn().forEach((plot) => Plotly.relayout(plot, { width: PRINTED, autosize: false })));
  addEventListener("afterprint", () => drawn().forEach((plot) => Plotly.relayout(plot, { width: null, autosize: true })));
  addEventListener("hashchange", () => { if (location.hash.startsWith("#network-")) show(fromAddress()); });
  groups.filter((group) => group.chooser).forEach((group) => group.chooser.addEventListener("change", () => chosen(group)));
  show(fromAddress());
})();
