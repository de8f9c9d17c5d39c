/** DART's disturbance: as large as the policy's own error (Laskey et al. 2017; docs/algorithms/dagger.md). */

/**
 * The mean over episodes of (1/T) sum of (a* - a)(a* - a)ᵀ, [Da, Da], from residuals [T, Da] of one array per episode. Where
 * `total` is given it is scaled so that the expected squared error of an episode of T steps is that number: S total / (T tr S).
 */
export function disturbanceOf(
  residuals: readonly Float32Array[],
  size: number,
  total?: { readonly error: number; readonly steps: number },
): number[][] {
  const mean = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const rows of residuals) {
    const steps = rows.length / size;
    for (let step = 0; step < steps; step++) {
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          mean[i][j] += (rows[step * size + i] * rows[step * size + j]) / (steps * residuals.length);
        }
      }
    }
  }
  if (!total) return mean;
  const trace = mean.reduce((sum, row, i) => sum + row[i], 0);
  const factor = trace > 0 ? total.error / (total.steps * trace) : 0;
  return mean.map((row) => row.map((value) => value * factor));
}

/** The lower triangle L with L Lᵀ = S, for S that is positive semidefinite: columns without variance are 0. */
export function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length;
  const lower = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let j = 0; j < size; j++) {
    const own = matrix[j][j] - lower[j].reduce((sum, value) => sum + value * value, 0);
    lower[j][j] = Math.sqrt(Math.max(0, own));
    for (let i = j + 1; i < size; i++) {
      const shared = lower[i].reduce((sum, value, k) => (k < j ? sum + value * lower[j][k] : sum), 0);
      lower[i][j] = lower[j][j] > 1e-12 ? (matrix[i][j] - shared) / lower[j][j] : 0;
    }
  }
  return lower;
}
