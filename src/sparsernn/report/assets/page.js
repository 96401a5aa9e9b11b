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
  const networks = [...document.querySelectorAll(".network")];
  const chooser = document.getElementById("chosen");

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

  async function show(which) {
    networks.forEach((network, i) => { network.hidden = which !== "all" && i !== which; });
    if (chooser) chooser.value = String(which);
    for (const plot of document.querySelectorAll(".plot")) {
      if (plot.closest("[hidden]")) continue;
      await draw(plot);
      await new Promise((resolve) => setTimeout(resolve));
    }
    document.body.dataset.ready = String(which);
  }

  function fromAddress() {
    const found = /^#network-(\d+|all)$/.exec(location.hash);
    if (!found) return 0;
    return found[1] === "all" ? "all" : Math.min(Number(found[1]), Math.max(networks.length - 1, 0));
  }

  const drawn = () => [...document.querySelectorAll(".plot[data-drawn=true]")].filter((plot) => !plot.closest("[hidden]"));
  addEventListener("beforeprint", () => drawn().forEach((plot) => Plotly.relayout(plot, { width: PRINTED, autosize: false })));
  addEventListener("afterprint", () => drawn().forEach((plot) => Plotly.relayout(plot, { width: null, autosize: true })));
  addEventListener("hashchange", () => { if (location.hash.startsWith("#network-")) show(fromAddress()); });
  if (chooser) chooser.addEventListener("change", () => { location.hash = `network-${chooser.value}`; });
  show(fromAddress());
})();
