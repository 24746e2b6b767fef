import { alignedMtl } from './alignedMtl.ts'
import type { Balancer } from './balancer.ts'
import { caGrad } from './caGrad.ts'
import { conFig } from './conFig.ts'
import { dualProj } from './dualProj.ts'
import { dwa } from './dwa.ts'
import { equal } from './equal.ts'
import { fairGrad } from './fairGrad.ts'
import { famo } from './famo.ts'
import { gls } from './gls.ts'
import { gradDrop } from './gradDrop.ts'
import { gradNorm } from './gradNorm.ts'
import { gradVac } from './gradVac.ts'
import { imtl, imtlG, imtlL } from './imtl.ts'
import { mgda } from './mgda.ts'
import { nashMtl } from './nashMtl.ts'
import { pcGrad } from './pcGrad.ts'
import { rlw } from './rlw.ts'
import { stch } from './stch.ts'
import { uncertainty } from './uncertainty.ts'
import { upGrad } from './upGrad.ts'

/** The one list of all balancers, those that people use first: parameters, docs and tests read it. */
export const balancers: Balancer[] = [
  equal,
  uncertainty,
  dwa,
  gradNorm,
  pcGrad,
  caGrad,
  nashMtl,
  famo,
  rlw,
  gls,
  imtl,
  imtlG,
  imtlL,
  mgda,
  gradVac,
  gradDrop,
  alignedMtl,
  fairGrad,
  upGrad,
  dualProj,
  conFig,
  stch,
]

export function balancerOf(id: string): Balancer {
  const found = balancers.find((b) => b.id === id)
  if (!found) throw new Error(`internal: no balancer ${id}`)
  return found
}
