// The extension in a real workbench, with a server that says what the test wants: every
// situation can be made, in any order.
import { coverageSteps } from './fake/coverage.mjs';
import { crashSteps } from './fake/crash.mjs';
import { endSteps } from './fake/end.mjs';
import { followSteps } from './fake/follow.mjs';
import { testingSteps } from './fake/testing.mjs';
import { themeSteps } from './fake/themes.mjs';
import { viewSteps, welcomeSteps } from './fake/views.mjs';
import { FakeWorkbench } from './fakeWorkbench.mjs';
import { story } from './story.mjs';

story('with a fake server', FakeWorkbench.open, (step) => {
  coverageSteps(step);
  welcomeSteps(step);
  crashSteps(step);
  viewSteps(step);
  testingSteps(step);
  followSteps(step);
  themeSteps(step);
  endSteps(step);
});
