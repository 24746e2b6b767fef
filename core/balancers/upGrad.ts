import { balancer } from './balancer.ts'
import { filled } from './gram.ts'
import { shortestAbove } from './minNorm.ts'

/**
 * UPGrad (Quinton and Rey 2024): each gradient is projected onto the directions that conflict with no task, and the
 * projections are averaged.  w = sum over i of argmin { v' G v : v >= e_i / T }
 */
export const upGrad = balancer({
  id: 'upgrad',
  name: 'UPGrad',
  about: 'Projects each gradient onto the directions that harm no task, then averages.',
  formula: "w = sum over i of argmin { v' G v : v >= e_i / T }",
  cite: 'Quinton and Rey 2024, Jacobian descent for multi-objective optimization',
  group: 'more',
  needs: 'gram',
  update(state, { losses, gram }) {
    const n = losses.length
    const weights = filled(n, 0)
    for (let i = 0; i < n; i++) {
      const lower = filled(n, 0)
      lower[i] = 1 / n
      shortestAbove(gram, lower).forEach((value, k) => (weights[k] += value))
    }
    return { weights, state }
  },
})
