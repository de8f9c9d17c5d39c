/** What is to be heard: made by the browser, no files. Nothing sounds before the person has touched the page. */

export interface Sounds {
  muted: boolean;
  /** Somebody asks for help. */
  alarm(): void;
  /** Control has changed hands: up for the person, down for the policy. */
  handover(toPerson: boolean): void;
  result(success: boolean): void;
}

/** Hz, seconds from now, seconds long. */
type Tone = readonly [frequency: number, from: number, length: number];

export function createSounds(): Sounds {
  let context: AudioContext | null = null;
  let muted = false;
  const play = (tones: readonly Tone[], loudness: number) => {
    if (muted || !navigator.userActivation?.hasBeenActive) return;
    context ??= new AudioContext();
    void context.resume();
    for (const [frequency, from, length] of tones) {
      const start = context.currentTime + from;
      const oscillator = new OscillatorNode(context, { type: "triangle", frequency });
      const gain = new GainNode(context, { gain: 0 });
      // Edges that are not heard as clicks.
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(loudness, start + 0.012);
      gain.gain.setValueAtTime(loudness, start + length - 0.03);
      gain.gain.linearRampToValueAtTime(0, start + length);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(start);
      oscillator.stop(start + length);
    }
  };
  return {
    get muted() {
      return muted;
    },
    set muted(on) {
      muted = on;
    },
    alarm: () =>
      play(
        [
          [880, 0, 0.12],
          [660, 0.14, 0.12],
          [880, 0.28, 0.16],
        ],
        0.16,
      ),
    handover: (toPerson) =>
      play(
        toPerson
          ? [
              [520, 0, 0.06],
              [700, 0.06, 0.08],
            ]
          : [
              [700, 0, 0.06],
              [520, 0.06, 0.08],
            ],
        0.06,
      ),
    result: (success) =>
      play(
        success
          ? [
              [523, 0, 0.1],
              [659, 0.1, 0.1],
              [784, 0.2, 0.22],
            ]
          : [
              [330, 0, 0.16],
              [220, 0.16, 0.3],
            ],
        0.09,
      ),
  };
}
