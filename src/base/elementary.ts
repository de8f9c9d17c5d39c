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
  const angle = (u - quadrant / 4) * (2 * Math.PI);
  const z = angle * angle;
  const sine =
    angle +
    angle *
      z *
      (-0.16666666666666632 +
        z *
          (0.00833333333332249 +
            z *
              (-0.0001984126982985795 +
                z * (2.7557313707070068e-6 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)))));
  const cosine =
    1 -
    0.5 * z +
    z *
      z *
      (0.0416666666666666 +
        z *
          (-0.001388888888887411 +
            z *
              (2.480158728947673e-5 +
                z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 + z * -1.1359647557788195e-11)))));
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
