/**
 * Keys belong to the driver again once the mouse or a finger has pressed a button, chosen from a list or ticked a box: the
 * next arrow steers, and chooses nothing. Who goes by the keyboard keeps the focus where it is.
 */
export function giveKeysBack(): () => void {
  let byPointer = false;
  const leave = (target: EventTarget | null, selector: string) => {
    const element = target instanceof Element ? target.closest<HTMLElement>(selector) : null;
    if (element && byPointer) setTimeout(() => element.blur());
  };
  const down = () => {
    byPointer = true;
  };
  const key = () => {
    byPointer = false;
  };
  const up = ({ target }: Event) => leave(target, "button, summary");
  const change = ({ target }: Event) => leave(target, "select, input[type=checkbox], input[type=radio]");
  addEventListener("pointerdown", down, true);
  addEventListener("keydown", key, true);
  addEventListener("pointerup", up);
  addEventListener("change", change);
  return () => {
    removeEventListener("pointerdown", down, true);
    removeEventListener("keydown", key, true);
    removeEventListener("pointerup", up);
    removeEventListener("change", change);
  };
}
