import { it } from 'vitest'
import { endings } from './endings.ts'

it(
  'stopped, closed or thrown out of its course in the middle of native runs, fifty times, a lab ends cleanly',
  endings(51),
)
