// The extension in a real workbench with the server that is in the .vsix: finds, builds and
// fuzzes the example module. The pictures of the README are made here.
import { breakpointSteps } from './real/breakpoints.mjs';
import { campaignSteps } from './real/campaign.mjs';
import { crashSteps, fixSteps } from './real/crash.mjs';
import { editSteps } from './real/edits.mjs';
import { endSteps } from './real/end.mjs';
import { testingSteps } from './real/testing.mjs';
import { versionSteps } from './real/versions.mjs';
import { RealWorkbench } from './realWorkbench.mjs';
import { story } from './story.mjs';

story('with the real server', RealWorkbench.open, (step) => {
  campaignSteps(step);
  editSteps(step);
  crashSteps(step);
  testingSteps(step);
  fixSteps(step);
  breakpointSteps(step);
  versionSteps(step);
  endSteps(step);
});
