// The rules that the sources keep; `npm run lint` checks them.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['dist', 'out', 'node_modules', '.vscode-test', 'test-output', 'server'] },
  {
    files: ['src/**/*.ts', 'test/unit/**/*.ts', 'test/host/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      // VS Code asks for anything that has a dispose method, whatever the type's name says.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Numbers in texts are meant.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // node:test returns promises that its runner waits for.
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test', 'describe', 'it'] }] }],
    },
  },
  { files: ['**/*.mjs'], languageOptions: { sourceType: 'module' }, rules: { 'no-unused-vars': 'error', 'no-undef': 'off' } },
);
