export { PersonResponse } from './people.dto.js';
export { PeopleModule } from './people.module.js';
export { PeopleService } from './people.service.js';
export { AssignmentsService } from './assignments.service.js';
export type { ContactResponse } from './people.dto.js';
export type { Kind, PersonFields, Status } from './person.js';
export { KINDS, STATUSES } from './person.js';
