import type { Rng } from '../../core/rng.ts'

/**
 * Families of tasks of many shapes. `draw` makes the whole family (what tasks have in common) and gives a maker of
 * tasks. Those under `tried` are for working the check out, those under `heldOut` for asking whether it is right.
 */
type Task = (x: number[]) => number
export type Family = { inputs: number; draw(random: Rng): (random: Rng) => Task }

const normals = (random: Rng, n: number) => Array.from({ length: n }, () => random.normal())
const dot = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + v * b[i], 0)
const between = (random: Rng, low: number, high: number) => low + (high - low) * random.uniform()

/** Units of a network that all tasks share. */
function network(random: Rng, inputs: number, units: number, bend: (v: number) => number) {
  const w = Array.from({ length: units }, () => normals(random, inputs))
  const b = normals(random, units)
  return (x: number[]) => w.map((own, u) => bend(dot(own, x) + b[u]))
}
const relu = (v: number) => Math.max(0, v)

/** Lines about a common one. */
const lines = (inputs: number, common: number, spread: number): Family => ({
  inputs,
  draw(random) {
    const centre = normals(random, inputs).map((v) => v * common)
    return (own) => {
      const w = centre.map((v) => v + spread * own.normal())
      const level = spread * own.normal()
      return (x) => dot(w, x) + level
    }
  },
})

/** A common curve of several inputs, changed by each task in one way. */
const changed = (inputs: number, change: (own: Rng) => (v: number) => number): Family => ({
  inputs,
  draw(random) {
    const units = network(random, inputs, 6, Math.tanh)
    const head = normals(random, 6)
    return (own) => {
      const f = change(own)
      return (x) => f(dot(units(x), head))
    }
  },
})

/** Features of a network in common, weighed anew by each task. */
const weighed = (inputs: number, units: number, bend: (v: number) => number, common: number): Family => ({
  inputs,
  draw(random) {
    const features = network(random, inputs, units, bend)
    const centre = normals(random, units).map((v) => v * common)
    return (own) => {
      const w = centre.map((v) => v + own.normal())
      return (x) => dot(features(x), w) / Math.sqrt(units)
    }
  },
})

const alike = (inputs: number, draw: (own: Rng) => Task): Family => ({ inputs, draw: () => draw })

export const tried: Record<string, Family> = {
  sine: alike(1, (own) => {
    const [a, phase] = [between(own, 0.1, 5), between(own, 0, Math.PI)]
    return ([x]) => a * Math.sin(3 * x - phase)
  }),
  harmonic: {
    inputs: 1,
    draw: (random) => {
      const [w1, w2] = [between(random, 1, 3), between(random, 2, 5)]
      return (own) => {
        const [a, b, c, d] = normals(own, 4)
        return ([x]) => a * Math.sin(w1 * x + c) + b * Math.sin(w2 * x + d)
      }
    },
  },
  bump: alike(1, (own) => {
    const [a, c] = [between(own, 1, 3), between(own, -1.5, 1.5)]
    return ([x]) => a * Math.exp(-4 * (x - c) ** 2)
  }),
  parabola: alike(1, (own) => {
    const [a, b, c] = normals(own, 3)
    return ([x]) => a + b * x + c * x * x
  }),
  lines: lines(3, 1, 0.5),
  'unrelated lines': lines(6, 0, 1),
  'shared network': weighed(5, 8, Math.tanh, 0.5),
  'shifted curve': changed(4, (own) => {
    const level = 2 * own.normal()
    return (v) => v + level
  }),
  'one curve': changed(4, () => (v) => v),
  noise: alike(3, (own) => {
    const w = normals(own, 3).map((v) => 0.05 * v)
    return (x) => dot(w, x)
  }),
  products: {
    inputs: 4,
    draw: (random) => {
      const w = normals(random, 4)
      return (own) => {
        const [a, b] = normals(own, 2)
        return (x) => a * x[0] * x[1] + b * x[2] * x[3] + dot(w, x)
      }
    },
  },
  'two kinds': {
    inputs: 5,
    draw: (random) => {
      const kinds = [normals(random, 5), normals(random, 5)]
      return (own) => {
        const w = kinds[own.int(2)].map((v) => v + 0.1 * own.normal())
        return (x) => dot(w, x)
      }
    },
  },
}

export const heldOut: Record<string, Family> = {
  sawtooth: alike(1, (own) => {
    const [a, phase] = [between(own, 0.5, 3), own.uniform()]
    return ([x]) => a * (((((0.7 * x + phase) % 1) + 1) % 1) - 0.5)
  }),
  dose: alike(1, (own) => {
    const [low, high, at, steep] = [own.normal(), 3 + own.normal(), own.normal(), between(own, 2, 6)]
    return ([x]) => low + (high - low) / (1 + Math.exp(-steep * (x - at)))
  }),
  decay: alike(1, (own) => {
    const [a, rate, level] = [between(own, 1, 4), between(own, 0.3, 2), own.normal()]
    return ([x]) => level + a * Math.exp(-rate * (x + 2))
  }),
  step: alike(1, (own) => {
    const [at, height] = [own.normal(), 2 * own.normal()]
    return ([x]) => (x > at ? height : -height)
  }),
  'unrelated curves': alike(1, (own) => {
    const [w, b, a] = [normals(own, 12).map((v) => 3 * v), normals(own, 12).map((v) => 3 * v), normals(own, 12)]
    return ([x]) => a.reduce((sum, v, i) => sum + v * Math.cos(w[i] * x + b[i]), 0) / 3
  }),
  cubic: {
    inputs: 1,
    draw: (random) => {
      const centre = normals(random, 4)
      return (own) => {
        const [a, b, c, d] = centre.map((v) => v + 0.5 * own.normal())
        return ([x]) => a + b * x + c * x * x + d * x ** 3
      }
    },
  },
  'shared ramps': weighed(6, 10, relu, 0.3),
  'scaled curve': changed(3, (own) => {
    const by = 1 + own.normal()
    return (v) => by * v
  }),
  'bent curve': changed(3, (own) => {
    const by = between(own, 0.5, 3)
    return (v) => Math.sin(by * v)
  }),
  'close lines': lines(8, 1, 0.2),
  'far lines': lines(10, 0.3, 1),
  'one line': lines(5, 1, 0),
  'few columns': {
    inputs: 15,
    draw: () => (own) => {
      const w = normals(own, 3)
      return (x) => dot(w, x.slice(0, 3))
    },
  },
  wave: alike(2, (own) => {
    const angle = between(own, 0, 2 * Math.PI)
    return ([x, y]) => 2 * Math.sin(2 * (Math.cos(angle) * x + Math.sin(angle) * y))
  }),
}
