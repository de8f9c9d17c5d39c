/** The custom properties of tokens.css for what is drawn on a canvas, which does not know them. */

let probe: HTMLElement | null = null;

/** The colour that a property has now, in this theme, as `rgb(…)`: light-dark() is resolved only where it is used. */
export function colourOf(property: string): string {
  if (!probe) {
    probe = document.createElement("i");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

/** Calls `change` whenever the theme does, by the system or by the switch; answers what ends that. */
export function watchTheme(change: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(change);
  system.addEventListener("change", change);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", change);
    observer.disconnect();
  };
}
