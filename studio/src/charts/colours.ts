/** The colours of tokens.css for what is drawn on a canvas, which does not know custom properties. */

let probe: HTMLElement | null = null;

/** The colour that the property has now, in this theme, as `rgb(…)`: light-dark() is resolved only where it is used. */
export function colourOf(property: string): string {
  if (!probe) {
    probe = document.createElement("i");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

/** Calls back whenever the theme changes, by the system or by the switch; returns what ends that. */
export function onTheme(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  system.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", changed);
  };
}
