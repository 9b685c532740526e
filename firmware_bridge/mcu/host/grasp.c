// The grip controller as the process of sitl.c: empty until a host loads a record.
#include "../core/controller.h"
#include "sitl.h"

const brain_t *sitl_brain(void) {
    static image_t record, initial;
    static brain_t brain;
    brain = controller_brain(&record, &initial, "sitl", BUILD_ID);
    return &brain;
}
