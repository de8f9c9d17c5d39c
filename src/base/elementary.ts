/**
 * Elementary functions from `+ - * /` and `sqrt` alone, so that Node and every browser compute the same bits
 * (`Math.sin`, `Math.log` and the like differ between engines). Polynomials: fdlibm, Sun Microsystems 1993; errors
 * below 1 ulp on the reduced ranges.
 */

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);
/** Index of the word that holds sign and exponent: 1 on little-endian machines. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** Natural logarithm of a positive, finite, normal number. */
export function logarithm(x: number): number {
  float64[0] = x;
  let exponent = (words[HIGH] >>> 20) - 1023;
  words[HIGH] = (words[HIGH] & 0x000fffff) | 0x3ff00000;
  let mantissa = float64[0];
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const f = mantissa - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const halfSquare = 0.5 * f * f;
  const low = exponent * 1.9082149292705877e-10;
  return exponent * 0.6931471803691238 - (halfSquare - (s * (halfSquare + even + odd) + low) - f);
}

/** `[cos 2πu, sin 2πu]` for u in [0, 1]. The quadrant is split off exactly before any rounding. */
export function circle(u: number): [cosine: number, sine: number] {
  const quadrant = Math.floor(u * 4 + 0.5);
  return fromQuadrant(quadrant, (u - quadrant / 4) * (2 * Math.PI));
}

/** The first 33 bits of π/2, whose products with an integer below 2^20 are exact, and what is left of it. */
export const QUARTER = { high: 1.5707963267341256, low: 6.077100506506192e-11 };
/** 2^20 quarter turns. */
const LARGEST_ANGLE = 2 ** 20 * QUARTER.high;

/** `[cos a, sin a]` of an angle in rad. Throws RangeError beyond 1.6 million rad, where the reduction is no longer exact. */
export function direction(angle: number): [cosine: number, sine: number] {
  if (!(Math.abs(angle) < LARGEST_ANGLE))
    throw new RangeError(`angle: found ${angle}, expected less than ${LARGEST_ANGLE} rad`);
  const quadrant = Math.floor(angle / QUARTER.high + 0.5);
  return fromQuadrant(quadrant, angle - quadrant * QUARTER.high - quadrant * QUARTER.low);
}

/** `[cos, sin]` of `quadrant` quarter turns and `angle`, which lies within an eighth of a turn of 0. */
function fromQuadrant(quadrant: number, angle: number): [cosine: number, sine: number] {
  const sine = sineNear(angle);
  const cosine = cosineNear(angle);
  switch (quadrant & 3) {
    case 0:
      return [cosine, sine];
    case 1:
      return [-sine, cosine];
    case 2:
      return [-cosine, -sine];
    default:
      return [sine, -cosine];
  }
}

/** Sine of an angle of at most π/4 (in rad) either way. */
function sineNear(angle: number): number {
  const z = angle * angle;
  return (
    angle +
    angle *
      z *
      (-0.16666666666666632 +
        z *
          (0.00833333333332249 +
            z *
              (-0.0001984126982985795 +
                z * (2.7557313707070068e-6 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)))))
  );
}

/** Cosine of an angle of at most π/4 (in rad) either way. */
function cosineNear(angle: number): number {
  const z = angle * angle;
  return (
    1 -
    0.5 * z +
    z *
      z *
      (0.0416666666666666 +
        z *
          (-0.001388888888887411 +
            z *
              (2.480158728947673e-5 +
                z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 + z * -1.1359647557788195e-11)))))
  );
}

/** Sine of an angle in rad, without the array of `direction`: for inner loops. Less exact beyond 1.6 million rad. */
export function sine(x: number): number {
  const quadrant = Math.floor(x / QUARTER.high + 0.5);
  const angle = x - quadrant * QUARTER.high - quadrant * QUARTER.low;
  const size = (quadrant & 1) === 0 ? sineNear(angle) : cosineNear(angle);
  return (quadrant & 2) === 0 ? size : -size;
}

/** Cosine of an angle in rad, like `sine`. */
export function cosine(x: number): number {
  const quadrant = Math.floor(x / QUARTER.high + 0.5);
  const angle = x - quadrant * QUARTER.high - quadrant * QUARTER.low;
  const size = (quadrant & 1) === 0 ? cosineNear(angle) : sineNear(angle);
  return ((quadrant + 1) & 2) === 0 ? size : -size;
}

/** The angle in (-π/2, π/2), in rad, whose tangent is x. */
export function arctangent(x: number): number {
  const size = Math.abs(x);
  let angle: number;
  if (size < 0.4375) angle = arctangentNear(size);
  else if (size < 0.6875)
    angle = 0.4636476090008061 + (arctangentNear((2 * size - 1) / (2 + size)) + 2.269877745296169e-17);
  else if (size < 1.1875)
    angle = 0.7853981633974483 + (arctangentNear((size - 1) / (size + 1)) + 3.061616997868383e-17);
  else if (size < 2.4375) {
    angle = 0.982793723247329 + (arctangentNear((size - 1.5) / (1 + 1.5 * size)) + 1.3903311031230998e-17);
  } else angle = 1.5707963267948966 + (arctangentNear(-1 / size) + 6.123233995736766e-17);
  return x < 0 ? -angle : angle;
}

/** Arctangent of a number of at most 7/16 either way. */
function arctangentNear(x: number): number {
  const z = x * x;
  const w = z * z;
  const odd =
    z *
    (0.3333333333333293 +
      w *
        (0.14285714272503466 +
          w *
            (0.09090887133436507 + w * (0.06661073137387531 + w * (0.049768779946159324 + w * 0.016285820115365782)))));
  const even =
    w *
    (-0.19999999999876483 +
      w * (-0.11111110405462356 + w * (-0.0769187620504483 + w * (-0.058335701337905735 + w * -0.036531572744216916))));
  return x - x * (odd + even);
}
