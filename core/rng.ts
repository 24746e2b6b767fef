import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

/**
 * A stream of random numbers that is an argument, never a global. `split(label)` gives an independent stream that
 * depends only on this stream's key and the label, never on how many numbers were drawn before, so that adding a
 * draw in one place changes nothing elsewhere.
 */
export interface Rng {
  /** The key this stream was made from; `rng(key)` makes the same stream again. */
  readonly key: string
  /** Uniform on [0, 1), 32 bits of resolution. */
  uniform(): number
  /** Uniform integer on [0, n). */
  int(n: number): number
  /** Standard normal (Box and Muller 1958). */
  normal(): number
  /** A permutation of 0..n-1 (Fisher and Yates). */
  permutation(n: number): Int32Array
  split(label: string | number): Rng
}

export function rng(key: string | number): Rng {
  const name = String(key)
  const digest = sha256(utf8ToBytes(name))
  const words = new Int32Array(digest.buffer.slice(digest.byteOffset, digest.byteOffset + 16))
  const state = xoroshiro128plusFromState([...words])
  const uniform = () => (state.next() >>> 0) / 4294967296
  const int = (n: number) => Math.floor(uniform() * n)
  let spare: number | null = null
  return {
    key: name,
    uniform,
    int,
    normal() {
      if (spare !== null) {
        const value = spare
        spare = null
        return value
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
      const angle = 2 * Math.PI * uniform()
      spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
    permutation(n) {
      const order = Int32Array.from({ length: n }, (_, i) => i)
      for (let i = n - 1; i > 0; i--) {
        const j = int(i + 1)
        const held = order[i]
        order[i] = order[j]
        order[j] = held
      }
      return order
    },
    split: (label) => rng(`${name}/${label}`),
  }
}
