import { z } from 'zod/v4'

/**
 * Zod would probe `new Function` when the first object schema is made, which the content policy forbids and reports.
 * The build gives this module to everyone who imports `zod` (vite.config.ts), so it always comes first.
 */
z.config({ jitless: true })

export * from 'zod/v4'
export { z }
