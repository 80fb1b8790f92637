# Puts the report page (reports/page) together and writes it as a C++ source. Run by the build:
#   cmake -DPAGE=reports/page -DD3=d3.min.js -DD3_LICENCE=copyright -DOUTPUT=page_asset.cc -P EmbedReportPage.cmake
# The commands that write reports then need no file beside themselves.
# In the order of their panels; main starts the page.
set(scripts util model compare ribbons switches retrieval sweep profile main)

file(READ "${PAGE}/index.html" page)
file(READ "${PAGE}/style.css" style)
file(READ "${D3}" d3)
file(READ "${D3_LICENCE}" licence)
string(REPLACE "*/" "* /" licence "${licence}")
string(APPEND script "/* D3\n${licence}*/\n${d3}\n")
foreach(name IN LISTS scripts)
  file(READ "${PAGE}/${name}.js" source)
  string(APPEND script "${source}")
endforeach()
string(FIND "${script}${style}" "</s" closing)
if(NOT closing EQUAL -1)
  message(FATAL_ERROR "reports/page: a script or style holds '</s', which would end its element; write '<\\/s'")
endif()
string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@SCRIPT@" "${script}" page "${page}")

string(FIND "${page}" ")page\"" raw_end)
if(NOT raw_end EQUAL -1)
  message(FATAL_ERROR "reports/page holds ')page\"', which ends the C++ literal that carries it")
endif()
file(WRITE "${OUTPUT}"
"// Generated from reports/page by cmake/EmbedReportPage.cmake.
#include \"reidbench/results/report_page.h\"

namespace reidbench {

std::string_view ReportPageTemplate() {
  static constexpr char kPage[] = R\"page(${page})page\";
  return {kPage, sizeof(kPage) - 1};
}

}  // namespace reidbench
")
