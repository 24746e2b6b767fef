#!/usr/bin/env node
import { join } from 'node:path'
import { ROOT, runNode } from './node24.mjs'

// The command line in the repository: `npm run -s engram -- ARGS`.
process.exitCode = await runNode(join(ROOT, 'electron', 'cli.ts'), process.argv.slice(2))
