import type { Component } from 'svelte'
import type { ViewName } from '../lab/place.svelte.ts'

/** The five views, each loaded when it is first shown. */
export const views: Record<ViewName, () => Promise<{ default: Component }>> = {
  data: () => import('./data/Data.svelte'),
  experiment: () => import('./experiment/Experiment.svelte'),
  brain: () => import('./brain/Brain.svelte'),
  compare: () => import('./compare/Compare.svelte'),
  learn: () => import('./learn/Learn.svelte'),
}
