/** The peers' numbers: a 32-bit linear congruential generator, x = 1664525 x + 1013904223 mod 2^32, u = x / 2^32. */
export function lcg(seed: number) {
  let x = seed >>> 0
  const u = () => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0) / 4294967296
  return {
    u,
    /** Uniform in (-scale, scale). */
    array: (count: number, scale = 1) => Float32Array.from({ length: count }, () => (u() * 2 - 1) * scale),
  }
}
