import { registerHooks } from 'node:module'

// `import 'electron'` in the built main bundle finds the stand-in.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: new URL('./electron.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
})
