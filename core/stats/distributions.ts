/**
 * Student t, normal and studentized-range distributions. The regularised incomplete beta function is Lentz's continued
 * fraction (Press et al., Numerical Recipes 6.4), ln gamma is Lanczos (g = 7, n = 9), erfc is a continued fraction or
 * a series by size; quantiles invert the distribution function by bracketing. Checked against scipy to 1e-9.
 */

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln of the gamma function, x > 0. */
export function lnGamma(x: number): number {
  const y = x - 1
  let sum = LANCZOS[0]
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (y + i)
  const t = y + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(sum)
}

/** I_x(a, b), the regularised incomplete beta function. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

function betaFraction(x: number, a: number, b: number): number {
  const floor = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value)
  let c = 1
  let d = 1 / floor(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / floor(1 + even * d)
    c = floor(1 + even / c)
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / floor(1 + odd * d)
    c = floor(1 + odd / c)
    h *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return h
}

/** P(T <= t) with `df` > 0 degrees of freedom; infinite df is the normal distribution. */
export function tCdf(t: number, df: number): number {
  if (df === Infinity) return normalCdf(t)
  const tail = incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2
  return t > 0 ? 1 - tail : tail
}

export function tQuantile(p: number, df: number): number {
  if (df === Infinity) return normalQuantile(p)
  if (p > 0.5) return -tQuantile(1 - p, df)
  return -invert((t) => incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2, p)
}

export function normalCdf(z: number): number {
  return z > 0 ? 1 - upperTail(z) : upperTail(-z)
}

export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p)
  return -invert(upperTail, p)
}

/** P(Z > z) for z >= 0: series of the distribution function below 3, continued fraction of the tail above. */
function upperTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z < 3) {
    let term = z
    let sum = z
    for (let n = 1; Math.abs(term) > 1e-17 * sum && n < 200; n++) {
      term *= (z * z) / (2 * n + 1)
      sum += term
    }
    return 0.5 - density * sum
  }
  let fraction = 0
  for (let n = 200; n >= 1; n--) fraction = n / (z + fraction)
  return density / (z + fraction)
}

/** The z >= 0 at which a falling tail equals p (0 < p <= the tail at 0). */
function invert(tail: (z: number) => number, p: number): number {
  if (p <= 0) return Infinity
  let high = 1
  while (tail(high) > p) high *= 2
  let low = 0
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const middle = (low + high) / 2
    if (tail(middle) > p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * P(range of k independent standard normals <= q): k * integral of density(z) (Phi(z) - Phi(z - q))^(k-1) dz
 * (Tukey 1949), by Simpson's rule on [-8, 8 + q].
 */
export function rangeCdf(q: number, k: number): number {
  const steps = 1200
  const from = -8
  const width = (16 + q) / steps
  let sum = 0
  for (let i = 0; i <= steps; i++) {
    const z = from + i * width
    const weight = i === 0 || i === steps ? 1 : i % 2 ? 4 : 2
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
    sum += weight * density * (normalCdf(z) - normalCdf(z - q)) ** (k - 1)
  }
  return Math.min(1, (k * sum * width) / 3)
}

/** Upper critical value of the studentized range of k groups with infinite degrees of freedom. */
export function rangeQuantile(p: number, k: number): number {
  return invert((q) => 1 - rangeCdf(q, k), 1 - p)
}

/** P(chi squared > x) with df degrees of freedom: the upper regularised incomplete gamma function Q(df / 2, x / 2). */
export function chiSquaredTail(x: number, df: number): number {
  if (x <= 0) return 1
  const a = df / 2
  const y = x / 2
  const front = Math.exp(a * Math.log(y) - y - lnGamma(a))
  if (y < a + 1) {
    let term = 1 / a
    let sum = term
    for (let n = 1; n < 1000 && Math.abs(term) > 1e-17 * sum; n++) {
      term *= y / (a + n)
      sum += term
    }
    return 1 - front * sum
  }
  let fraction = 0
  for (let n = 300; n >= 1; n--) fraction = (n * (a - n)) / (y - a + 2 * n + 1 + fraction)
  return front / (y - a + 1 + fraction)
}
