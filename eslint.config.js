import globals from 'globals'
import svelte from 'eslint-plugin-svelte'
import ts from 'typescript-eslint'

const purity = [
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'Randomness is an argument.' },
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'core has no clock.' },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'core has no clock.' },
]

export default ts.config(
  { ignores: ['node_modules', 'out', 'dist', 'test/corpus', '**/*.cjs'] },
  ...ts.configs.recommended,
  ...svelte.configs['flat/recommended'],
  {
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-empty-object-type': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
      // Types are checked by tsc and svelte-check; this rule knows neither.
      'no-undef': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'] } },
    rules: {
      'svelte/no-navigation-without-resolve': 'off',
      // `let { a } = $props()` is how props are written; what is not reactive here is so on purpose.
      'prefer-const': 'off',
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  { files: ['core/**/*.ts'], rules: { 'no-console': 'error', 'no-restricted-syntax': ['error', ...purity] } },
)
