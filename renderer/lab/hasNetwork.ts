import type { MethodInfo } from './store.svelte.ts'

/** Whether a method's model can be drawn; the list of methods says so. */
export const hasNetwork = (methods: readonly MethodInfo[], id: string): boolean =>
  methods.find((method) => method.id === id)?.can.network === true

/** And that network has layers between inputs and tasks, which a straight line has not. */
export const hasHiddenLayers = (methods: readonly MethodInfo[], id: string): boolean => {
  const { schema } = methods.find((method) => method.id === id) ?? {}
  return hasNetwork(methods, id) && 'hidden' in ((schema as { properties?: object })?.properties ?? {})
}
