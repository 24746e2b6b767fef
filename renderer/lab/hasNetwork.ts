import type { MethodInfo } from './store.svelte.ts'

/** Whether a method's model can be drawn; the list of methods says so. */
export const hasNetwork = (methods: readonly MethodInfo[], id: string): boolean =>
  methods.find((method) => method.id === id)?.can.network === true
