import { z } from 'zod'

/** Zod would probe `new Function`, which the content policy forbids and reports. Imported before any schema is used. */
z.config({ jitless: true })
